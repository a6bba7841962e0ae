import Foundation
import Platform
import ZeroMQ

extension CoordinatorTime {
    static func current() -> CoordinatorTime {
        var wall = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &wall)
        return CoordinatorTime(
            steady: Int64(clamping: MonotonicClock.now() / 1_000_000),
            wall: Int64(wall.tv_sec) * 1_000 + Int64(wall.tv_nsec) / 1_000_000)
    }
}
