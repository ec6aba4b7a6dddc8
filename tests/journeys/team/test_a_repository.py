"""A tool server that others wrote (PyPI's mcp-server-git): a commit whose answer is lost is found by its key."""

from sandbox.client import words


async def test_a_commit_whose_answer_is_lost_is_found_and_nobody_is_asked(at_team):
    hook = at_team.repository / ".git" / "hooks" / "post-commit"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)
    thread = await at_team.stage.ask("commit what is staged")
    card = words(await thread.shows("Approval needed"))
    assert "+replicas: 4" in card
    assert "Four replicas" in card

    await thread.press("Approve", by=at_team.stage.bob)
    root = await thread.ends("done")

    assert "It is committed." in words(root)
    [commit] = at_team.git("log", "--format=%s").splitlines()
    assert commit == "Four replicas"
    assert "Handrail-Key: " in at_team.git("log", "--format=%b")
