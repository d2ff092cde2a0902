namespace AnalogTorch.Cells;

/// <summary>What a training rule takes beside pulse trains: what is read for transfers, sent by them, kept and worked out digitally.</summary>
/// <param name="LineReads">Reads of one line of an array, all outputs at once.</param>
/// <param name="TransferSlots">Pulses that transfers had time for on a line, all outputs at once, whether they were sent or not.</param>
/// <param name="BufferBytes">Bytes that digital buffers were read and written for, in single precision.</param>
/// <param name="Operations">Digital operations: an addition, a multiplication or a comparison each.</param>
public readonly record struct RuleWork(long LineReads, long TransferSlots, long BufferBytes, long Operations)
{
    /// <summary>What two arrays took together.</summary>
    public static RuleWork operator +(RuleWork a, RuleWork b) =>
        new(a.LineReads + b.LineReads, a.TransferSlots + b.TransferSlots, a.BufferBytes + b.BufferBytes, a.Operations + b.Operations);

    /// <summary>What was taken since then.</summary>
    public static RuleWork operator -(RuleWork a, RuleWork b) =>
        new(a.LineReads - b.LineReads, a.TransferSlots - b.TransferSlots, a.BufferBytes - b.BufferBytes, a.Operations - b.Operations);

    /// <inheritdoc cref="op_Addition"/>
    public static RuleWork Add(RuleWork left, RuleWork right) => left + right;

    /// <inheritdoc cref="op_Subtraction"/>
    public static RuleWork Subtract(RuleWork left, RuleWork right) => left - right;
}
