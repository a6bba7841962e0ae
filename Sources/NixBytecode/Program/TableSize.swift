extension Array {
    /// Bytes that the table takes, and what it will take while it moves to a larger place if so many more elements do not
    /// fit this one. Elements that have memory of their own are not looked into.
    func byteCount(adding more: Int) -> Int {
        let stride = MemoryLayout<Element>.stride
        let present = capacity &* stride
        // Small tables are many; what one of them grows by does not matter.
        guard count &+ more > capacity, Swift.max(capacity, more) &* stride > 1 << 15 else { return present }
        return present &+ Swift.max(2 &* capacity, count &+ more) &* stride
    }

    /// What the table takes once it is complete, about: a capacity depends on what the system happened to give, and what is
    /// counted for a job must not.
    var estimatedByteCount: Int { (count &+ count / 2) &* MemoryLayout<Element>.stride }
}

/// What an array in another one takes, about, beside its elements: its header, and what the system adds.
let arrayBytes = 48
