# differs from 2.8.0: lint-url-literals
http://example.org
