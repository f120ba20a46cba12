"""Living or flat: what a picture held before the camera can't do, and what to ask of a person when that isn't clear.

A flat picture, however it is moved, tilted or bent, maps each of its frames onto another by a smooth warp: a
homography, and a little more where the paper curves. So each frame's face is laid over a reference frame
(`register.py`), the warp is taken out, and what is left over time is life: lips and lids that move, a nose before its
cheeks (`passive.py`). Where that is not enough the person is asked to blink or to turn (`challenge.py`). No picture is
kept: a patch lives until the next one is laid over it.

What this does not stop: a good video replayed on a screen moves like the person in it, and by chance may even turn when
asked. docs/faces.md has the rates.
"""
