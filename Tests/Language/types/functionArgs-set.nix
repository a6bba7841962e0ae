# A set is no function here, whatever it holds.
builtins.functionArgs { __functionArgs = { a = true; }; __functor = self: x: x; }
