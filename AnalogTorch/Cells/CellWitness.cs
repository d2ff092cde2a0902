namespace AnalogTorch.Cells;

/// <summary>One cell as its equations say, without noise and variation: what its weight should be, example after example.</summary>
/// <remarks>Plain double and nothing of the array's own code, so that a law can measure the one against the other.</remarks>
public abstract class CellWitness
{
    /// <summary>The weight.</summary>
    public abstract double Weight { get; }

    /// <summary>The quantities that an array shows as its <see cref="CellArray.Observables"/>, under the same names.</summary>
    public abstract IEnumerable<(string Name, double Value)> Observables { get; }

    /// <summary>Writes a weight.</summary>
    /// <param name="target">The weight (w).</param>
    public abstract void Write(double target);

    /// <summary>One training example: its pulses, then its time, then what is due.</summary>
    /// <param name="pulses">Number of pulses; positive to raise the weight.</param>
    /// <param name="rates">The rates for which they were drawn.</param>
    public abstract void Example(int pulses, TrainingRates rates);
}

/// <summary>Where a cell is in its array.</summary>
/// <param name="Line">Its input line, from 0.</param>
/// <param name="Lines">Number of input lines.</param>
public readonly record struct CellPlace(long Line, long Lines);

/// <summary>One element of a device without noise and variation, pulse by pulse: what a cell's witness needs of the device.</summary>
public interface IMeanElement
{
    /// <summary>The value that pulses move, in the device's own unit.</summary>
    double Value { get; set; }

    /// <summary>What a read sees.</summary>
    double Seen { get; }

    /// <summary>The bounds of the value.</summary>
    (double Min, double Max) Bounds { get; }

    /// <summary>One pulse: the mean step, as far as the bounds allow.</summary>
    /// <param name="up">Whether it raises the value.</param>
    void Pulse(bool up);

    /// <summary>Returns the element to its start state.</summary>
    void Reset();

    /// <summary>Leaves the element alone.</summary>
    /// <param name="seconds">For how long (s).</param>
    void Pass(double seconds);
}
