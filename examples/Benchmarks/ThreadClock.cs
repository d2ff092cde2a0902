using System.Runtime.InteropServices;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Processor time of the calling thread: what it would have taken on a computer of its own, nearly.</summary>
internal static class ThreadClock
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    /// <summary>Seconds since the thread began; not a number where the system does not tell.</summary>
    public static double Seconds => OperatingSystem.IsLinux() && Environment.Is64BitProcess && Read(ThreadCpuTime, out var time) == 0 ? time.Seconds + 1e-9 * time.Nanoseconds : double.NaN;

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int Read(int clock, out Timespec time);

    private readonly record struct Timespec(long Seconds, long Nanoseconds);
}
