"""wordspot: spoken-command recognition with recurrent networks in plain PyTorch.

    import wordspot as ws

    run = ws.train(ws.recipe("lstm", epochs=10), "recordings", out="runs/lstm")
    print(run.evaluate().accuracy)
    print(ws.load("wordspot").predict("hello.wav").word)

`__init__.pyi` lists the public names, which are imported when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
