"""A tree of samples as a folder: Newick, tables, files for iTOL, pictures, and a page to explore."""

from shortrun.tree_page.folder import check_folder, tree_page, write_tree
from shortrun.tree_page.itol import itol

__all__ = ["check_folder", "itol", "tree_page", "write_tree"]
