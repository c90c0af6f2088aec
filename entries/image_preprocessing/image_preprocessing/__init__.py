"""Images decoded, resized, cropped and packed into one file of raw bytes.

``decoding`` reads a file, ``rules`` turns it into pixels of one size, ``packing`` does that for many on all cores,
``job`` reads what is asked for. Run as ``python -m image_preprocessing PARAMETERS_FILE``.
"""
