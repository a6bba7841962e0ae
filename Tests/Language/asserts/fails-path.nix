assert ./a != ./a; 1
