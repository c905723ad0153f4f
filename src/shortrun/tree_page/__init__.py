"""A tree of samples as a folder: Newick, tables, files for iTOL, figures, and a page to explore."""

from shortrun.tree_page.folder import check_folder, cluster_count, write_tree
from shortrun.tree_page.itol import itol
from shortrun.tree_page.page import tree_page

__all__ = ["check_folder", "cluster_count", "itol", "tree_page", "write_tree"]
