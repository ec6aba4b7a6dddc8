"""The Web API's methods, by noun."""
