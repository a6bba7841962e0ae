# The old way to override: __overrides replaces what the others see.
rec { a = 1; b = a; __overrides = { a = 2; c = 3; }; }
