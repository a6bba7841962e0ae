{ x ? "default" }: { inherit x; place = ./.; }
