namespace AnalogTorch.Checkpoints;

/// <summary>What is wrong with a checkpoint, to follow its name in a sentence, and what to do.</summary>
internal sealed class CheckpointFault(string reason, string remedy = CheckpointFault.TakeEarlier, Exception? inner = null) : Exception(reason, inner)
{
    public const string TakeEarlier = "take an earlier checkpoint";
    private const int LongestName = 60;

    public string Remedy => remedy;

    /// <summary>A name from a file, fit to stand in a sentence.</summary>
    public static string Quoted(string name)
    {
        var plain = string.Concat(name.Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
        return plain.Length <= LongestName ? $"'{plain}'" : $"'{plain[..LongestName]}…'";
    }
}
