# The body goes as far as it can.
(x: x + 1 == 2 && true) 1
