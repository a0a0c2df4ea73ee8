"""
The language model: it puts findings into words, and nothing else.

    prompts.py      the prompt files, filled in
    questions.py    what is asked, and what comes back
    client.py       one question to any OpenAI-compatible endpoint, within a time limit
    writer.py       evidence, cache, budget, question, grounding: a risk summary, or ours where anything fails
    trial.py        how well prompts do on cases
"""
