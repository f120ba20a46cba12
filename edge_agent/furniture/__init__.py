"""What the pages of the agent and of the centre share: look, forms, words, passwords, and the shield around them.

It knows nothing of either: both give it their own folders of templates, static files and catalogues.
"""
