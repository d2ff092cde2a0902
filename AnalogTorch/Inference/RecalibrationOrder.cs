namespace AnalogTorch.Inference;

/// <summary>In which order the outputs of a chip are recalibrated.</summary>
public enum RecalibrationOrder
{
    /// <summary>One matrix after another in the order of the calls, each behind those that are done: it makes up for their errors too, and takes two runs over all inputs a matrix.</summary>
    OneByOne,

    /// <summary>All matrices in two runs over all inputs, each as if those before it were exact: what models of many matrices can afford.</summary>
    Together,
}
