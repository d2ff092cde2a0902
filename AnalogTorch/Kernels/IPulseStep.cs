namespace AnalogTorch.Kernels;

/// <summary>The random number that one pulse consumes.</summary>
public enum PulseDraw
{
    /// <summary>The pulse is deterministic.</summary>
    None,

    /// <summary>A standard normal number.</summary>
    Normal,

    /// <summary>A uniform number in [0, 1).</summary>
    Uniform,
}

/// <summary>What one element is made of, beside its value: the parameters that differ from element to element.</summary>
/// <typeparam name="T">The lane.</typeparam>
public readonly struct Cell<T>(T up, T down, T min, T max, T offset)
{
    /// <summary>Size of the nominal upward step, in the device's own unit.</summary>
    public readonly T Up = up;

    /// <summary>Size of the nominal downward step, as a positive number.</summary>
    public readonly T Down = down;

    /// <summary>Lower bound of the value.</summary>
    public readonly T Min = min;

    /// <summary>Upper bound of the value.</summary>
    public readonly T Max = max;

    /// <summary>One more parameter, whose meaning the device defines (a threshold voltage, say).</summary>
    public readonly T Offset = offset;
}

/// <summary>How one element moves under a pulse, written once for every lane.</summary>
/// <remarks>
/// The engine clips the value to [Min, Max] after each pulse. The draw is the number that the device announced as its
/// <see cref="PulseDraw"/>, or 0. Devices without a memory receive 0 for it.
/// Every method carries <c>AggressiveInlining</c>: the loop of the fused engine is several times slower with a call in it. What does not
/// depend on value and draw, such as a quotient of parameters, is best written so that it stands alone, and then worked out once a register.
/// </remarks>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
public interface IPulseStep<TSelf> where TSelf : struct, IPulseStep<TSelf>
{
    /// <summary>The change of the value by one upward pulse.</summary>
    T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T>;

    /// <summary>The change of the value by one downward pulse; negative where the value falls.</summary>
    T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T>;

    /// <summary>Whether the element remembers its pulses beside its value.</summary>
    static virtual bool HasMemory => false;

    /// <summary>The memory when a pulse arrives, before its step is taken.</summary>
    static virtual T Remember<T>(in TSelf step, T memory) where T : struct, ILane<T> => memory;

    /// <summary>The conductance, or weight, that a read sees.</summary>
    static virtual T Read<T>(in TSelf step, T value, in Cell<T> cell) where T : struct, ILane<T> => value;
}

/// <summary>Receives a device's step with its concrete type, so that a loop over it can be compiled for that type alone.</summary>
public interface IPulseStepVisitor
{
    /// <summary>Called once by <c>PulsedDevice.Accept</c>.</summary>
    /// <param name="step">The step.</param>
    /// <param name="draw">What each pulse draws.</param>
    void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>;
}
