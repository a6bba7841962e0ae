assert true; assert !false; assert (x: x) true; [ 1 ]
