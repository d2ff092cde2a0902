namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The two sides of a comparison: a step of plain torch, and the work that stands against it.</summary>
/// <remarks>A step runs in a dispose scope of its own, which the caller opens.</remarks>
internal abstract class Contest : IDisposable
{
    /// <summary>Steps of a segment, where something that is due now and then must be in it in proportion; 0 for as many as fill the time.</summary>
    public virtual int StepsPerSegment => 0;

    /// <summary>Segments of either side, where their length is fixed.</summary>
    public virtual int Segments => 0;

    /// <summary>Whether both sides work on the calling thread alone, so that its processor time is theirs.</summary>
    public virtual bool UsesOneThread => true;

    /// <summary>One step of torch alone.</summary>
    public abstract void Digital();

    /// <summary>The analog work.</summary>
    public abstract void Analog();

    /// <summary>What else is worth knowing when all has run.</summary>
    public virtual IEnumerable<(string Name, double Value)> Figures => [];

    /// <inheritdoc/>
    public abstract void Dispose();
}
