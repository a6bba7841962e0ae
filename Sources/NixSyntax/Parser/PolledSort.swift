extension Array {
    /// Sorts the elements, stably, and calls `poll` at least once for every 2048 elements sorted or merged.
    package mutating func sortInSteps<Stop: Error>(
        by precedes: (Element, Element) -> Bool, poll: () throws(Stop) -> Void
    ) throws(Stop) {
        let piece = 2048
        for start in stride(from: 0, to: count, by: piece) {
            self[start..<Swift.min(start + piece, count)].sort(by: precedes)
            try poll()
        }
        var width = piece
        while width < count {
            var merged: [Element] = []
            merged.reserveCapacity(count)
            for start in stride(from: 0, to: count, by: 2 * width) {
                let middle = Swift.min(start + width, count)
                let end = Swift.min(middle + width, count)
                var left = start
                var right = middle
                while left < middle || right < end {
                    if merged.count % piece == 0 { try poll() }
                    if right == end || left < middle && !precedes(self[right], self[left]) {
                        merged.append(self[left])
                        left += 1
                    } else {
                        merged.append(self[right])
                        right += 1
                    }
                }
            }
            self = merged
            width *= 2
        }
    }
}
