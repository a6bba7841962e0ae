assert 1 == 1.0; assert [ 1 { a = 2.0; } ] == [ 1.0 { a = 2; } ]; assert "a" == "a"; "holds"
