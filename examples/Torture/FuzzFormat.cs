namespace AnalogTorch.Examples.Torture;

/// <summary>A kind of file that the library reads, and how a reader of it is tried.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Path">Where each changed file is put.</param>
/// <param name="Size">Bytes of a valid one.</param>
/// <param name="Make">Makes a changed file.</param>
/// <param name="Load">Reads it.</param>
/// <param name="State">Everything that a refused file must leave as it was; null where there is nothing.</param>
/// <param name="Named">What a refusal must name; null for nothing.</param>
internal sealed record FuzzFormat(string Name, string Path, long Size, Func<Random, Mutation, byte[]> Make, Action Load, Func<string>? State, string? Named) : IDisposable
{
    /// <summary>Disposed of with it.</summary>
    public IReadOnlyList<IDisposable> Owned { get; init; } = [];

    public void Dispose()
    {
        foreach (var owned in Owned)
            owned.Dispose();
    }
}
