"""The flows, one a module, each as declared slots; `registry.py` lists them and `filling.py` (one
room up) runs them.

To add a flow: declare it here, name it in `base.FlowName`, list it in `registry.py`, and write its
texts in the catalogue.
"""
