using System.Diagnostics;
using System.Globalization;
using AnalogTorch.Core;
using AnalogTorch.Examples.Benchmarks;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>What came of some changed files.</summary>
/// <param name="Files">How many there were.</param>
/// <param name="Refused">How many were refused.</param>
/// <param name="Longest">Seconds of the one that took longest.</param>
/// <param name="Most">Bytes of managed memory of the one that took most.</param>
/// <param name="Failures">What went wrong, each with the name of its file.</param>
internal sealed record FuzzOutcome(int Files, int Refused, double Longest, long Most, IReadOnlyList<string> Failures);

/// <summary>
/// Files with changes in their structure are read, or refused in one sentence with nothing changed, in little time and memory. Each file follows from the seed, the
/// format and its number alone.
/// </summary>
internal static class FuzzCampaign
{
    private const long Slack = 64 << 20; // what a reader needs whatever the file
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Tries a number of files.</summary>
    /// <param name="format">The format.</param>
    /// <param name="seed">Seed of all changes.</param>
    /// <param name="from">Number of the first file.</param>
    /// <param name="count">Number of files.</param>
    /// <param name="kept">Folder where files that failed are kept.</param>
    public static FuzzOutcome Run(FuzzFormat format, long seed, int from, int count, string kept)
    {
        var (refused, most, longest, failures) = (0, 0L, TimeSpan.Zero, new List<string>());
        for (var number = from; number < from + count; number++)
        {
            var random = new Random(SeedOf(seed, format.Name, number));
            var content = format.Make(random, new(random));
            File.WriteAllBytes(format.Path, content);
            var before = format.State?.Invoke();
            var (allocated, start) = (GC.GetAllocatedBytesForCurrentThread(), Seconds);
            Exception? refusal = null;
            try
            {
                using var scope = NewDisposeScope();
                format.Load();
            }
            catch (Exception exception)
            {
                refusal = exception;
                refused++;
            }
            var (spent, time) = (GC.GetAllocatedBytesForCurrentThread() - allocated, TimeSpan.FromSeconds(Seconds - start));
            (most, longest) = (Math.Max(most, spent), time > longest ? time : longest);
            if (Fault(format, content, before, refusal, spent, time) is not { } fault)
                continue;
            Directory.CreateDirectory(kept);
            var copy = Path.Combine(kept, $"{seed}-{number}-{Path.GetFileName(format.Path)}");
            File.WriteAllBytes(copy, content);
            failures.Add($"{format.Name}, file {number} of seed {seed}, kept as {copy}: {fault}");
        }
        return new(count, refused, longest.TotalSeconds, most, failures);
    }

    /// <summary>Of the processor where the system tells, since others may be busy.</summary>
    private static double Seconds => ThreadClock.Seconds is var seconds && double.IsNaN(seconds) ? Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency : ThreadClock.Seconds;

    private static string? Fault(FuzzFormat format, byte[] content, string? before, Exception? refusal, long spent, TimeSpan time)
    {
        if (time >= Longest)
            return FormattableString.Invariant($"took {time.TotalSeconds:F1} s");
        if (spent > 4 * Math.Max(content.Length, format.Size) + Slack)
            return $"took {spent} bytes";
        if (refusal is null)
            return null;
        if (refusal is not (InvalidDataException or FileNotFoundException))
            return $"was refused by {refusal}";
        if (Sentence.Fault(refusal.Message, format.Named) is { } fault)
            return $"its refusal {fault}";
        return before is not null && format.State!() != before ? $"was refused, but changed something: {refusal.Message}" : null;
    }

    /// <summary>The seed of one file, the same in every process.</summary>
    private static int SeedOf(long seed, string what, int number) => unchecked((int)Rng.FromSeed(seed).Split(what).Split(number.ToString(CultureInfo.InvariantCulture)).Key);
}
