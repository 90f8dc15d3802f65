"""The local classifier of intents: features, training at build, and the model file that a worker
loads.
"""
