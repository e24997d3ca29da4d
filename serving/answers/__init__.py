"""Types of every answer: the OpenAPI document is made of them, tests hold the bytes to them.

Routes do not build these for a request (that costs half of the speed): bytes are joined from
parts that were encoded when the snapshot was loaded.
"""
