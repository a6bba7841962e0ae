assert (let a = [ 1 ]; in a == [ ]) && true; 1
