"""VGG-19: its layers, its activations, and the fast way the optimisation loop runs it.

layers.py        the layers by name, what each sees of the picture (no torch)
vgg.py           the network as a plain function: image → activations. Read this first
pooling.py       2×2 pooling and its gradient; rectify.py, the ReLU in place
convolution.py   3×3 convolutions, whole or a band of rows at a time; winograd.py, with fewer multiplications
calibration.py   which of them is fastest on this processor, measured once
banded.py        costs, Gram matrices and gradients a band of rows at a time: buffers.py, steps.py
"""
