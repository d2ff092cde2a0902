namespace AnalogTorch.Kernels;

/// <summary>Up to four numbers of one hidden unit: what its gates receive, or what backward needs of them.</summary>
/// <typeparam name="T">The lane.</typeparam>
internal readonly struct Gates<T>(T a, T b, T c, T d)
{
    public readonly T A = a, B = b, C = c, D = d;
}

/// <summary>One hidden unit of a recurrent layer over one step of time, written once for every lane.</summary>
/// <remarks>Methods carry <c>AggressiveInlining</c>, like those of <see cref="IPulseStep{TSelf}"/>.</remarks>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
internal interface IRecurrentStep<TSelf> where TSelf : struct, IRecurrentStep<TSelf>
{
    /// <summary>Number of gates: rows of the weight matrices are gates · hidden units, in torch's order.</summary>
    static abstract int GateCount { get; }

    /// <summary>Numbers that backward needs of each unit and step.</summary>
    static abstract int SavedCount { get; }

    /// <summary>Whether a unit has a cell state beside its hidden state.</summary>
    static abstract bool HasCell { get; }

    /// <summary>Whether the errors of the hidden weights differ from those of the input weights.</summary>
    static abstract bool HasTwoErrors { get; }

    /// <summary>One step.</summary>
    /// <param name="input">What the input weights give, gate by gate.</param>
    /// <param name="recurrent">What the hidden weights give, gate by gate.</param>
    /// <param name="hidden">The hidden state before; after it on return.</param>
    /// <param name="cell">The cell state before; after it on return.</param>
    /// <returns>What backward needs.</returns>
    static abstract Gates<T> Forward<T>(in Gates<T> input, in Gates<T> recurrent, ref T hidden, ref T cell) where T : struct, ILane<T>;

    /// <summary>One step backward.</summary>
    /// <param name="saved">What forward returned.</param>
    /// <param name="hiddenBefore">The hidden state before the step.</param>
    /// <param name="hiddenAfter">The hidden state after it.</param>
    /// <param name="cellBefore">The cell state before the step.</param>
    /// <param name="cellAfter">The cell state after it.</param>
    /// <param name="dHidden">Gradient by the hidden state after the step; by the one before it, as far as no weight is between, on return.</param>
    /// <param name="dCell">Gradient by the cell state after the step; by the one before it on return.</param>
    /// <returns>Gradients by what the input weights and the hidden weights gave.</returns>
    static abstract (Gates<T> Input, Gates<T> Recurrent) Backward<T>(
        in Gates<T> saved, T hiddenBefore, T hiddenAfter, T cellBefore, T cellAfter, ref T dHidden, ref T dCell) where T : struct, ILane<T>;
}
