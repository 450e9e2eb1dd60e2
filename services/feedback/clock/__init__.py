"""The clock 办理时限: how long an answer may take, and how long it took."""
