"""What somebody says in a run's thread may answer what the run asks there."""

from datetime import timedelta

from workflows.values.signals import Answer
from workflows.values.view import Question, RunState

from .asked import Asked
from .found import Found
from .runs import Runs
from .words import answering as said

LOOKING = timedelta(seconds=1.5)
"""Within what one listener may ask of Temporal."""


class Answers:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def taken(self, found: list[Found], text: str, asked: Asked, command: str) -> str:
        """What to say where *text* answers a question of one of these; empty where it answers none.

        Whether that person may answer, the run judges. Raises BotError.
        """
        fitting: list[tuple[str, str, Question]] = []
        for run in found:
            if run.summary is not None and run.summary.state is RunState.WAITING:
                view = await self._runs.view(run.run_id, LOOKING)
                fitting += [(run.run_id, view.name, each) for each in view.questions if _fits(each, text)]
        if len(fitting) > 1:
            return said.WHICH_QUESTION
        for run_id, name, question in fitting:
            choice = _choice(question, text)
            answer = Answer(
                delivery=asked.occasion, by=asked.person, question=question.id, choice=choice, text=text
            )
            await self._runs.answer(run_id, answer)
            return said.TAKEN.format(command=command, name=name)
        return ""


def _fits(question: Question, text: str) -> bool:
    """Any words are an answer where there are no options, else only one of them."""
    return not question.answered and (not question.choices or bool(_choice(question, text)))


def _choice(question: Question, text: str) -> str:
    same = text.strip("“”\"'").casefold()
    return next((value for value, label in question.choices if label.casefold() == same), "")
