using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>A torch tensor on any torch device: the lane of the tensor engine.</summary>
/// <remarks>Every operation makes a tensor in the caller's dispose scope.</remarks>
internal readonly struct TensorLane(Tensor value) : ILane<TensorLane>
{
    public readonly Tensor Value = value;

    public static implicit operator TensorLane(float value) => new(tensor(value));
    public static implicit operator TensorLane(Tensor value) => new(value);
    public static TensorLane operator +(TensorLane a, TensorLane b) => a.Value + b.Value;
    public static TensorLane operator -(TensorLane a, TensorLane b) => a.Value - b.Value;
    public static TensorLane operator *(TensorLane a, TensorLane b) => a.Value * b.Value;
    public static TensorLane operator /(TensorLane a, TensorLane b) => a.Value / b.Value;
    public static TensorLane operator -(TensorLane a) => -a.Value;
    public static TensorLane Min(TensorLane a, TensorLane b) => minimum(a.Value, b.Value);
    public static TensorLane Max(TensorLane a, TensorLane b) => maximum(a.Value, b.Value);
    public static TensorLane Abs(TensorLane a) => a.Value.abs();
    public static TensorLane Floor(TensorLane a) => a.Value.floor();
    public static TensorLane Exp(TensorLane a) => a.Value.exp();
    public static TensorLane Log(TensorLane a) => a.Value.log();
    public static TensorLane Tanh(TensorLane a) => a.Value.tanh();
    public static TensorLane Sqrt(TensorLane a) => a.Value.sqrt();
    public static TensorLane MultiplyAdd(TensorLane a, TensorLane b, TensorLane c) => a.Value * b.Value + c.Value;
    public static TensorLane Pow(TensorLane a, TensorLane b) =>
        where((a.Value == 1f).logical_or(b.Value == 0f), 1.0,
            (a.Value.to(ScalarType.Float64).log() * b.Value.to(ScalarType.Float64)).exp()).to(ScalarType.Float32);

    public static TensorLane IfLess(TensorLane a, TensorLane b, TensorLane then, TensorLane otherwise) =>
        where(a.Value < b.Value, then.Value, otherwise.Value);

    public static TensorLane Gather(float[] table, TensorLane index) =>
        torch.tensor(table, device: index.Value.device)[index.Value.to(ScalarType.Int64)];
}
