"""What is kept of a tool's answer."""

from activities.answers import LARGEST_STRUCTURED, Kept, kept, repeats, shortened
from activities.masking import MARK, PLAIN, Masker
from activities.tool_replies import TEXT_LIMIT, ToolReply, cut


def reply(text: str = "", structured: dict | None = None, **other: int) -> ToolReply:
    return ToolReply(text=text, structured=structured, is_error=False, other=other)


def test_an_ordinary_answer_is_kept_whole():
    assert kept(reply("fine", {"n": 1}), PLAIN) == Kept("fine", {"n": 1}, whole=True)


def test_a_structured_answer_that_is_too_large_is_left_out_and_that_is_said():
    answer = kept(reply("see", {"all": "a" * LARGEST_STRUCTURED}), PLAIN)

    assert answer == Kept(
        "see\n[the structured answer was left out: 100,010 bytes, and 100,000 are kept]", None, whole=False
    )


def test_a_structured_answer_without_a_canonical_form_is_left_out_and_that_is_said():
    answer = kept(reply("see", {"n": float("nan")}), PLAIN)

    assert answer == Kept(
        "see\n[the structured answer was left out: NaN and infinity have no JSON form]", None, whole=False
    )


def test_parts_that_are_not_kept_are_counted():
    assert kept(reply("see", image=2), PLAIN) == Kept("see\n[image left out: 2]", None, whole=False)


def test_a_long_text_keeps_its_beginning_and_its_end():
    assert shortened("a" * 50 + "b" * 50, 20) == "a" * 10 + (
        "\n[… 80 of 100 characters were left out here …]\n" + "b" * 10
    )


def test_a_text_repeats_the_structured_answer_when_it_says_the_same():
    assert repeats('{"b": 1, "a": [2]}', {"a": [2], "b": 1})
    assert not repeats('{"a": true}', {"a": 1})
    assert not repeats("in words", {"a": 1})
    assert not repeats("null", None)


# Secrets

SECRET = "hunter2hunter2"
KNOWING = Masker([SECRET], [])


def test_an_answer_is_kept_without_secrets():
    answer = kept(reply(f"{SECRET}!", {"token": SECRET, SECRET: [f"<{SECRET}>"]}), KNOWING)

    assert answer == Kept(f"{MARK}!", {"token": MARK, MARK: [f"<{MARK}>"]}, whole=True)


def test_a_cut_leaves_no_half_of_a_secret():
    """Neither our own cut, nor the one that was made when the answer came in."""
    ours = "a" * 9_995 + SECRET + "b" * 30_000
    theirs = cut("a" * (TEXT_LIMIT - 10) + SECRET)

    for answer in (
        kept(reply(ours), KNOWING),
        kept(reply(theirs), KNOWING),
        kept(reply(theirs), KNOWING, 80_000),
    ):
        assert "hunter" not in answer.text
        assert not answer.whole
