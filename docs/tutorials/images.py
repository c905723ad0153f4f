# %% [markdown]
# # Images
#
# From labelled images to new images of a class. The images: 4,000 articles of clothing, 28x28 pixels (Fashion-MNIST, Xiao, Rasul and
# Vollgraf, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747)).
#
# Your own images: a folder with a subfolder for each class (`sr.read("images/")`, PNG and others), the IDX files of MNIST, or arrays.
# [Data](../data.md#images) has the details.

# %%
# hidden: the folder of this page
import os
from pathlib import Path

import numpy as np
from PIL import Image

arrays = np.load(Path(os.environ["SHORTRUN_SHARED"]) / "fashion_mnist/fashion_mnist.npz")
names = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
for number, (picture, label) in enumerate(zip(arrays["x_train"][:4000], arrays["y_train"][:4000], strict=True)):
    folder = Path("images") / names[int(label)]
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / f"{number:04}.png")

# %% [markdown]
# ## Read, and set images aside
#
# A pixel is one bit here: 1 above `threshold` of full scale. `grey=True` keeps grey values, for continuous units.

# %%
import shortrun as sr
from shortrun import plots

data = sr.read("images", threshold=0.3)
data

# %%
train, test = sr.split(data, 0.2, seed=1)
plots.sample_grid(train, columns=8)

# %% [markdown]
# ## Train, and predict images it has not seen

# %%
run = sr.fit(train, hidden=128, updates=500, seed=1)
predictions = sr.predict(run, test)
predictions

# %%
plots.confusion(predictions)

# %% [markdown]
# ## New images
#
# Ten sweeps from noise, the number that the model was trained for. First the new images, a row a class; then the same samples after
# one sweep, after ten, and after a hundred.

# %%
new = sr.generate(run, n=len(test), seed=1)
plots.sample_grid(new, columns=8)

# %%
after = {f"{k} sweeps": sr.generate(run, n=100, steps=k, seed=1) for k in (1, 10, 100)}
plots.sample_grids(after)

# %% [markdown]
# ## Are they good?
#
# Each score beside its *floor*, that of real images against other real images.

# %%
names = ("label-fidelity", "p-dd", "p-gg", "memorisation", "second-moment")
sr.score(train, new, held_out=test, scores=names, per_class=False)

# %% [markdown]
# `p-dd` far above its floor: after 500 updates the images are recognised, and a neighbour still tells them from real ones. Longer
# trainings come closer ([results](../results.md)), and `sr.evaluate(run, test, train=train)` judges every class.
