"""What a server's own schema makes of arguments."""

import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from activities.definitions import problem

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["name", "key"],
    "additionalProperties": False,
}


def test_what_is_filled_in_later_may_be_missing():
    assert problem(SCHEMA, {"name": "a"}, filled_later=["key"]) == ""
    assert problem(SCHEMA, {"name": "a"}) == "'key' is a required property"


def test_a_wrong_value_is_named_by_its_place():
    assert (
        problem(SCHEMA, {"name": "a", "count": "many"}, ["key"]) == "count: 'many' is not of type 'integer'"
    )


def test_arguments_are_an_object():
    assert problem(SCHEMA, ["a"]) == "the arguments are not an object"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "no such type"},
        {"required": 7},
        {"properties": {"name": {"pattern": "("}}},
        {"$ref": "#/nowhere"},
    ],
)
def test_a_schema_that_is_wrong_is_a_problem_and_not_a_crash(schema: dict):
    assert problem(schema, {"name": "a"}).startswith("its input schema can't be used: ")


@pytest.fixture
def schema_host() -> Iterator[str]:
    """An address that gives a schema to whoever asks."""

    class Giver(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Giver) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/schema"
        server.shutdown()
        serving.join()


def test_an_address_in_a_schema_is_not_fetched(schema_host: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what the library says before it does fetch

        found = problem({"$ref": schema_host}, {"name": "a"})

    assert found == f"its input schema can't be used: Unresolvable: {schema_host}"
