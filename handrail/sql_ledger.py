"""`handrail ledger`: the table that makes a change of a database happen once."""

from activities.sql_ledger import NAME
from activities.sql_server import SqlServer
from activities.tool_replies import NotSent

from .config import Config
from .config.server_sections import SqlSection
from .servers import sql_settings
from .trouble import Misused, Trouble


async def made(name: str, config: Config) -> str:
    """Raises Trouble."""
    said = config.servers.get(name)
    if not isinstance(said, SqlSection):
        known = [each for each, section in config.servers.items() if isinstance(section, SqlSection)]
        raise Misused(f"expected one of the databases ({', '.join(known) or 'none'}), found {name!r}")
    server = SqlServer(sql_settings(name, said))
    try:
        await server.create_ledger()
    except NotSent as error:
        raise Trouble(str(error)) from None
    finally:
        await server.aclose()
    return f"{name} has the table {NAME}"
