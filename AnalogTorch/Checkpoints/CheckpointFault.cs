namespace AnalogTorch.Checkpoints;

/// <summary>What is wrong with a checkpoint, to follow its name in a sentence, and what to do.</summary>
internal sealed class CheckpointFault(string reason, string remedy = CheckpointFault.TakeEarlier, Exception? inner = null) : Exception(reason, inner)
{
    public const string TakeEarlier = "take an earlier checkpoint";

    public string Remedy => remedy;
}
