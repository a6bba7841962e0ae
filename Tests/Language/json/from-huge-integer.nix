# What needs more than 64 bits is a float.
builtins.typeOf (builtins.fromJSON "123456789012345678901234567890")
