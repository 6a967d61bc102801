"""Where a score is, said to whoever asks: the learner, the course's team, the operator."""
