namespace AnalogTorch.Tiles;

/// <summary>The side from which an array is read.</summary>
internal enum ReadSide
{
    /// <summary>Inputs drive, outputs are converted.</summary>
    Inputs,

    /// <summary>Errors drive the outputs, as in a backward pass.</summary>
    Outputs,
}
