namespace AnalogTorch.Cells;

/// <summary>What falls due in an array of cells, and after how many training examples: data, by which batches are cut.</summary>
public sealed record Schedule
{
    /// <summary>An interval that never ends.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Nothing is ever due, and time changes nothing.</summary>
    public static Schedule Empty { get; } = new();

    /// <summary>What is due, in the order in which it is done where several things are due at once.</summary>
    public IReadOnlyList<Duty> Duties { get; init; } = [];

    /// <summary>Examples after which the time that has passed is worked into the cells; before any duty it is in any case. <see cref="Never"/> where time changes nothing.</summary>
    public long SettleEvery { get; init; } = Never;

    /// <summary>Whether the array keeps in its state how old it is, as cells need whose devices age from when they were written.</summary>
    public bool KeepsClock { get; init; }

    /// <summary>Whether time changes the cells.</summary>
    public bool Settles => SettleEvery != Never;

    /// <summary>Examples until the next thing is due, at least 1.</summary>
    /// <param name="examples">Examples seen so far.</param>
    internal long UntilDue(long examples)
    {
        var until = Duty.Until(SettleEvery, examples);
        foreach (var duty in Duties)
            until = Math.Min(until, Duty.Until(duty.Every, examples));
        return until;
    }
}

/// <summary>Something that an array does again and again.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Every">Examples from one time to the next, counted from the array's first one; <see cref="Schedule.Never"/> for not at all.</param>
public sealed record Duty(string Name, long Every)
{
    /// <summary>Whether it fell due since an array had seen so many examples, and before it saw more.</summary>
    internal bool IsDue(long before, long after) => HasPassed(Every, before, after);

    internal static bool HasPassed(long every, long before, long after) => after / every != before / every;

    internal static long Until(long every, long examples) => every - examples % every;
}
