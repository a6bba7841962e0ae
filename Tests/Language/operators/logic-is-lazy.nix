[ (true || throw "a") (false && throw "b") (false || true) (true && true) ]
