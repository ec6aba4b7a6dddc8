"""What is said of an answer that was typed in a thread."""

TAKEN = (
    "That was handed to `{name}` as your answer. To give it another goal instead: `{command} tell {name} …`"
)
WHICH_QUESTION = "There is more than one question here that this may answer. Please use the buttons."
