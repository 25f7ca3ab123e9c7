"""The voice of a call; the only package that knows Pipecat. Start reading at `call.py`."""
