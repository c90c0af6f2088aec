"""Images decoded, resized, cropped and packed into one file of raw bytes.

``decoding`` reads a file, ``rules`` turns it into pixels of one size (``area`` is one rule's filter), ``packing`` does
that for many on all cores, ``resumption`` says where, ``job`` reads what is asked for. Run as
``python -m image_preprocessing PARAMETERS_FILE``.
"""
