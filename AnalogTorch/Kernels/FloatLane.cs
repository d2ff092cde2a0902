namespace AnalogTorch.Kernels;

/// <summary>One float: the lane of the scalar engine, which the others are tested against.</summary>
internal readonly record struct FloatLane(float Value) : ILane<FloatLane>
{
    public static implicit operator FloatLane(float value) => new(value);
    public static FloatLane operator +(FloatLane a, FloatLane b) => a.Value + b.Value;
    public static FloatLane operator -(FloatLane a, FloatLane b) => a.Value - b.Value;
    public static FloatLane operator *(FloatLane a, FloatLane b) => a.Value * b.Value;
    public static FloatLane operator /(FloatLane a, FloatLane b) => a.Value / b.Value;
    public static FloatLane operator -(FloatLane a) => -a.Value;
    public static FloatLane Min(FloatLane a, FloatLane b) => MathF.Min(a.Value, b.Value);
    public static FloatLane Max(FloatLane a, FloatLane b) => MathF.Max(a.Value, b.Value);
    public static FloatLane Abs(FloatLane a) => MathF.Abs(a.Value);
    public static FloatLane Floor(FloatLane a) => MathF.Floor(a.Value);
    public static FloatLane Exp(FloatLane a) => Lane128.Exp(a.Value).Value[0]; // .NET's functions of single floats give other bits
    public static FloatLane Log(FloatLane a) => Lane128.Log(a.Value).Value[0];
    public static FloatLane Tanh(FloatLane a) => Lane128.Tanh(a.Value).Value[0];
    public static FloatLane Pow(FloatLane a, FloatLane b) => Lane128.Pow(a.Value, b.Value).Value[0];
    public static FloatLane Sqrt(FloatLane a) => MathF.Sqrt(a.Value);
    public static FloatLane MultiplyAdd(FloatLane a, FloatLane b, FloatLane c) => MathF.FusedMultiplyAdd(a.Value, b.Value, c.Value);
    public static FloatLane IfLess(FloatLane a, FloatLane b, FloatLane then, FloatLane otherwise) => a.Value < b.Value ? then : otherwise;
    public static FloatLane Gather(float[] table, FloatLane index) => table[(int)index.Value];
}
