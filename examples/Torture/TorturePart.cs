using AnalogTorch.Core;

namespace AnalogTorch.Examples.Torture;

/// <summary>What is done to the library, and what must hold meanwhile.</summary>
internal abstract class TorturePart
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<TorturePart> All { get; } = [new KillPart(), new FuzzPart(), new FilePart(), new ConfigPart(), new ThreadPart(), new SlopePart(), new ReplayPart()];

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>What its amount counts.</summary>
    public abstract string Counts { get; }

    /// <summary>How much of it a short campaign has, and a long one.</summary>
    public abstract (int Small, int Long) Amount { get; }

    /// <summary>Does it.</summary>
    public abstract IEnumerable<TortureRow> Run(TortureRun run);
}

/// <summary>What came of a part of the campaign.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Count">How often.</param>
/// <param name="Failures">What did not hold, each in a line.</param>
/// <param name="Figures">What was measured.</param>
internal sealed record TortureRow(string Name, long Count, IReadOnlyList<string> Failures, IReadOnlyList<(string Figure, double Value)> Figures);

/// <summary>What a part of the campaign is asked for.</summary>
/// <param name="Amount">How much.</param>
/// <param name="Seed">Seed of everything random.</param>
/// <param name="Folder">A folder of its own, where failures are kept.</param>
/// <param name="SmallDisk">A folder on a disk that is small enough to be filled; null for none.</param>
/// <param name="Cancel">Ends it.</param>
internal sealed record TortureRun(int Amount, int Seed, string Folder, string? SmallDisk, CancellationToken Cancel)
{
    /// <summary>Writes failures into a file.</summary>
    public void Keep(string name, IReadOnlyList<string> failures)
    {
        if (failures.Count > 0)
            File.WriteAllLines(Path.Combine(Folder, $"{name}.txt"), failures);
    }

    /// <summary>Dice for a purpose.</summary>
    public Rng Dice(string purpose) => Rng.FromSeed(Seed).Split(purpose);
}
