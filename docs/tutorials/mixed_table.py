# %% [markdown]
# # A mixed table
#
# From a table of categories, numbers and missing cells to new rows of a class. The table: 344 penguins of three species, measured
# near Palmer Station, Antarctica (Horst, Hill and Gorman 2020, [doi:10.5281/zenodo.3960218](https://doi.org/10.5281/zenodo.3960218)).
#
# Your own table: a CSV, TSV or Parquet file, or a data frame that you hold already.

# %%
# hidden: the file of this page
from palmerpenguins import load_penguins

load_penguins().to_csv("penguins.csv", index=False)

# %% [markdown]
# ## Read, and set rows aside
#
# Missing cells are a value of their own, as in every table unless you say otherwise. Categories are found by themselves, and
# columns of numbers are put in bins, from which numbers are drawn again.

# %%
import pandas as pd

import shortrun as sr

frame = pd.read_csv("penguins.csv")
data = sr.read(frame, label_column="species", ignore=["year"])
data

# %%
for column in data.columns:
    print(column.name, "-", column.summary)

# %%
train, test = sr.split(data, 0.25, seed=1)
run = sr.fit(train, hidden=64, updates=600, validation=0, seed=1)
sr.predict(run, test)

# %% [markdown]
# ## New rows
#
# Of one class; with a cell held; and keeping a rule between columns, here that flippers of penguins on Biscoe are not shorter
# than 200 mm.

# %%
rule = "island = Biscoe -> flipper_length_mm >= 200"
new = sr.generate(run, labels="Gentoo", n=5, rules=rule, fix={"sex": "female"}, seed=1)
sr.write("gentoo.csv", new)
pd.read_csv("gentoo.csv")

# %% [markdown]
# ## Are they good?
#
# `column-shapes` compares each column, `pair-trends` pairs of them; each beside its *floor*, the same for real rows.

# %%
new = sr.generate(run, n=len(train), seed=1)
names = ("column-shapes", "pair-trends", "label-fidelity", "p-dd", "p-gg", "memorisation")
sr.score(train, new, held_out=test, scores=names, per_class=False)

# %%
import matplotlib.pyplot as plt

sr.write("new.csv", new)
made = pd.read_csv("new.csv")
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True, sharey=True)
for axis, table, title in zip(axes, (frame, made), ("real", "generated"), strict=True):
    for species, rows in table.groupby("species"):
        axis.scatter(rows["bill_length_mm"], rows["bill_depth_mm"], s=8, label=species)
    axis.set(title=title, xlabel="bill length (mm)")
axes[0].set_ylabel("bill depth (mm)")
_ = axes[1].legend(frameon=False)

# %% [markdown]
# With 258 rows to learn from, do not expect finer structure than the bins.
# [Data](../data.md#tables) says how tables are read and what a rule can be.
