import Testing

@testable import NixVM

/// Address ranges where the system limits address space.
@Suite struct HeapSizesTests {
    @Test func withoutALimitNothingIsImposed() throws {
        for limit in [nil, 1 << 20, 1 << 32] {
            let sizes = try #require(HeapSizes(memoryLimit: limit, room: nil))
            #expect(sizes.imposedLimit == nil && sizes.chunks == MachineState.chunkCapacity)
        }
        let small = try #require(HeapSizes(memoryLimit: 1 << 26, room: 1 << 40))
        #expect(small.imposedLimit == nil, "a small machine fits as it is")
    }

    @Test func rangesAndWhatLiesBesideThemFitTheRoom() throws {
        var last = 0
        for mebibytes in stride(from: HeapSizes.leastRoom >> 20 + 1, to: 40_000, by: 97) {
            let room = mebibytes << 20
            let sizes = try #require(HeapSizes(memoryLimit: nil, room: room))
            let limit = try #require(sizes.imposedLimit)
            #expect(sizes.byteCount + limit < room)
            #expect(limit >= last && limit > (room - HeapSizes.leastRoom) / 8, "most of the room is used")
            #expect(sizes.space > limit && sizes.chunks > 0)
            last = limit
        }
    }

    @Test func aMachinesOwnLimitStays() throws {
        let sizes = try #require(HeapSizes(memoryLimit: 100 << 20, room: 1 << 30))
        #expect(sizes.imposedLimit == 100 << 20)
    }

    @Test func tooLittleRoomIsNone() {
        #expect(HeapSizes(memoryLimit: nil, room: HeapSizes.leastRoom - 1) == nil)
        #expect(HeapSizes(memoryLimit: nil, room: 0) == nil)
    }
}
